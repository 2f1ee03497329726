"""Times RaterLens beside other programs."""

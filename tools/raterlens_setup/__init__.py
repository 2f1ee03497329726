"""Set-up of a machine for RaterLens: pinned, repeatable steps (standard library only)."""

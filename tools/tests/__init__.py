"""Tests of the set-up and of the repository checks: ``make test-tools``."""

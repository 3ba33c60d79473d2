"""Plumbing for the lessons; what is taught stands in the lessons themselves."""

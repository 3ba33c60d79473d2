"""Plumbing for the lessons; what is taught stands in the lessons themselves."""

from course_utils.machine import check_hiding

check_hiding()  # before anything is imported that a file beside the notebook could hide

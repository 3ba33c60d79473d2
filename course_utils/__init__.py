"""Plumbing for the lessons: data, figures, sliders, recorded runs. What is taught stands in the lessons."""

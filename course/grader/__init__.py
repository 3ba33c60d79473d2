"""The grader: runs submissions in a sandbox, judges them from outside, writes marks down.

Only an instructor needs it; docs/grading.md tells how. The verdict never falls in the process that
runs a submission: see `submission`.
"""

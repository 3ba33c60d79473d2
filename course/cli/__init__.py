"""The `course` command, and the doctor. Nothing but lesson 0 imports it."""

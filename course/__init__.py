"""The course's library: a folder for each import line of a lesson. CONTRIBUTING.md has the map."""

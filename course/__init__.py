"""The course's library: a folder for each import line of a lesson. Map: docs/CONTRIBUTING.md."""

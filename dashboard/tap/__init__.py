"""The sidecar: a relay that passes bytes on, and an observer that reads a copy of them in a process of its own."""

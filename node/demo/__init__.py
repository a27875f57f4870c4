"""`veilleuse demo`: four real nodes on this machine, a story, and a thief."""

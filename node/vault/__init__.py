"""What this node keeps secret on disk, and the three levels of unlock: boot, custody, vault."""

"""What a node answers over HTTP to other programs: peers, and the association's own staff API."""

"""What the association's people can do. Pages, JSON API and command line all call these."""

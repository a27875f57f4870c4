"""One association's server: storage, services, pages, JSON API, command line."""

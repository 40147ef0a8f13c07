"""Starting Porter: the command line, the embedded services, the supervisor, the demo."""

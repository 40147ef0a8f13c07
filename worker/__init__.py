"""The machine's side of Porter: the runner (standard library only), agents as data, and the contract with the server."""

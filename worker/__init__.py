"""The machine's side of Porter: the runner (standard library only), agents as data, the contract with the server."""

"""What happens to a task: launched, watched, finished, told. Built on `store` and `worker`."""

"""What the image of a machine is made of: the agents' programs, laid out by one recipe that CI's tests use too."""

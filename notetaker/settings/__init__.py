"""What can be set: ``values`` (one frozen object, from the environment), files that hold it, and reloading it."""

"""The knowledge of kadvisor: data files, and the code that loads, checks and compiles them."""

"""Training of the built-in model: genomes -> labels -> reads -> network -> checkpoint. Start at ../README.md."""

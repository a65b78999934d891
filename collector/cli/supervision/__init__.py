"""How `collector up` looks after its children."""

"""The stages a pipeline is made of, one module each; `registry` names them all."""

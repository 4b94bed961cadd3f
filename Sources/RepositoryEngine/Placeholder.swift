// The face of this target is described in docs/design.md.

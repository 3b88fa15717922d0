// Keeps a module library valid while a folder has headers only.

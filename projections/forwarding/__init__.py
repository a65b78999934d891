"""Facts sent on in Flowcore's form: how they are written, where they are posted, and the sink that does it for ever."""

//! What is refused: each bad text with the whole of what is told.

//! Case 113.

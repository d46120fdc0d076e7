"""Pure rules of evidence: files become plain values, and a lab's rules are held against them."""

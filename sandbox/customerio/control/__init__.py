"""The sandbox's own endpoints of the Customer.io side, and the operations they take."""

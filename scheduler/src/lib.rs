//! What is due when: probe plans, confirmation, the loop of one agent.

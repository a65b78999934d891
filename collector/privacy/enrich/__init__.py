"""What is looked up before a person is forgotten: agent, robot, device, place and where they came from."""

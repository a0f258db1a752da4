"""MesChain: the back office of dropshipping and marketplace sellers. One room per system."""

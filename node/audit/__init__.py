"""Where copies of logs come from for `protocol.audit`: node folders, or nodes that are asked."""

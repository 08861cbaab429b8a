package reader

func version() string { return "winscard" }

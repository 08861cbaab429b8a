package main

// Lane 9 is that of practice: a desk without devices. The rows stand among those of "staff", because a supervisor's PIN begins each training.
func trainingOutcomes() group {
	return group{"Training", []outcome{
		{"lane_in_training", 409, "a sale with the store's token at a lane in training", `
			till POST /v1/lanes/9/training {"number":2,"pin":"$PIN"}
			till POST /v1/lanes/9/quote {"lines":[$BREAD]}
			then till DELETE /v1/lanes/9/training`, "staff", false},
		{"training_over", 401, "the token of a training that ended", `
			training=.token till POST /v1/lanes/9/training {"number":2,"pin":"$PIN"}
			till DELETE /v1/lanes/9/training
			trainee POST /v1/lanes/9/quote {"lines":[$BREAD]}`, "staff", false},
		{"training_none", 409, "the training of a lane that is in none", `till GET /v1/lanes/9/training`, "staff", false},
		{"training_staff", 403, "a training that nobody answers for", `till POST /v1/lanes/9/training {}`, "staff", false},
		{"training_busy", 409, "a training while a member is at the till", `
			till POST /v1/lanes/9/member {"source":"keypad","text":"$NORA"}
			till POST /v1/lanes/9/training {"number":2,"pin":"$PIN"}
			then till DELETE /v1/lanes/9/member`, "staff", false},
		{"training_off", 422, "a training in store 2, where the configuration has none", `second POST /v1/lanes/1/training {}`, "staff", false},
	}}
}

package handlers

// routes is the one table that says which flow answers what.
func (r *Router) routes() {
	r.commands = map[string]flow{
		"start":     r.start,
		"check":     r.checkCommand,
		"report":    r.reportCommand,
		"my":        r.my,
		"emergency": r.emergency,
		"tips":      r.tips,
		"stats":     r.stats,
		"settings":  r.settings,
		"language":  r.language,
		"privacy":   r.privacy,
		"help":      r.help,
		"cancel":    r.cancel,
	}
	r.buttons = map[string]flow{
		"lang": r.languageChosen,  // lang:kk
		"rep":  r.reportFromCheck, // rep:<token>
		"r":    r.reportButton,    // r:<draft>:<step>:<choice>
		"my":   r.myButton,        // my:<action>:<code>
		"dis":  r.disputeButton,   // dis:<token>
		"now":  r.emergencyButton, // now:
		"tip":  r.tipButton,       // tip:<scenario>
		"set":  r.settingsButton,  // set:<action>
		"del":  r.deleteMessage,   // del:<message id>
		"drop": r.dropDraft,       // drop:yes, drop:no
	}
	r.sessions = map[string]flow{
		"report": r.reportTyped,
	}
}

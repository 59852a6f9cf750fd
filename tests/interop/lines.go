package main

import (
	"bufio"
	"encoding/json"
	"io"
)

// answerLines reads questions, one JSON object a line, and writes the answers in the same form.
func answerLines[Q, A any](in io.Reader, out io.Writer, ask func(Q) A) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	enc := json.NewEncoder(out)
	for lines.Scan() {
		var q Q
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		if err := enc.Encode(ask(q)); err != nil {
			return err
		}
	}
	return lines.Err()
}

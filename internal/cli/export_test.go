package cli

// Parse reads a command line and carries nothing out.
func Parse(args []string) error {
	parser, err := newParser(Env{}, func(int) {})
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	return err
}

// OrderColumns are the headings that orders import knows.
var OrderColumns = append([]string{paramColumn + "NAME"}, orderColumns...)

//go:build !linux

package main

import "errors"

const asImage = "SAQBOL_TEST_AS_IMAGE"

func enterImage(string) error { return errors.New("images are for Linux") }

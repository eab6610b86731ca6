package main

import (
	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interoppb"
)

// The generated structs of both IDLs have the same fields, so Go converts them field by field.

func same(m *interop.Msg) *interop.Msg {
	return m
}

func toProtobuf(m *interop.Msg) *interoppb.Msg {
	converted := &interoppb.Msg{Seq: m.Seq, Text: m.Text, Body: m.Body}
	if m.Plan != nil {
		plan := interoppb.Plan(*m.Plan)
		converted.Plan = &plan
	}
	if m.Seen != nil {
		seen := interoppb.Seen(*m.Seen)
		converted.Seen = &seen
	}
	return converted
}

func fromProtobuf(m *interoppb.Msg) *interop.Msg {
	converted := &interop.Msg{Seq: m.Seq, Text: m.Text, Body: m.Body}
	if m.Plan != nil {
		plan := interop.Plan(*m.Plan)
		converted.Plan = &plan
	}
	if m.Seen != nil {
		seen := interop.Seen(*m.Seen)
		converted.Seen = &seen
	}
	return converted
}

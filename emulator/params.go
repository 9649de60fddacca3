package emulator

// params are the checked parameters of a call: int64, float64, bool, string,
// []any, map[string]any and *upload.
type params map[string]any

func (p params) str(name string) string { s, _ := p[name].(string); return s }
func (p params) int(name string) int64  { n, _ := p[name].(int64); return n }
func (p params) float(name string) float64 {
	switch x := p[name].(type) {
	case float64:
		return x
	case int64:
		return float64(x)
	}
	return 0
}
func (p params) bool(name string) bool  { b, _ := p[name].(bool); return b }
func (p params) has(name string) bool   { _, ok := p[name]; return ok }
func (p params) list(name string) []any { l, _ := p[name].([]any); return l }
func (p params) object(name string) map[string]any {
	o, _ := p[name].(map[string]any)
	return o
}

// strings reads an Array of String.
func (p params) strings(name string) []string {
	out := make([]string, 0, len(p.list(name)))
	for _, v := range p.list(name) {
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

package web

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/klauspost/compress/gzhttp"

	"leat/internal/fleet"
)

// base is where the API lives.
const base = "/api/v1"

// The largest request bodies: of most routes, and of those that carry flows.
const (
	smallBody = 64 << 10
	largeBody = 64 << 20
)

// Route is one route of the API: what it promises to ask for.
type Route struct {
	Method, Path string
	Permission   fleet.Permission

	// Also are permissions that its verb asks for instead in some cases, which
	// the verb's own words tell.
	Also []fleet.Permission

	grant  fleet.Grant
	params []string
	limit  int64
	plain  bool // never compressed
}

// routes collects the API's routes. There is no way to add one without its permission.
type routes struct {
	s    *Server
	mux  *http.ServeMux
	api  huma.API
	list []*Route
	next *Route // the route that is being registered
	spec []byte
	zip  func(http.Handler) http.HandlerFunc
}

// An option changes a route from what is right for most.
type option func(*Route, *huma.Operation)

// status sets what a route answers when it succeeds.
func status(code int) option { return func(_ *Route, op *huma.Operation) { op.DefaultStatus = code } }

// large lets a route take a body that carries flows.
func large(r *Route, op *huma.Operation) { r.limit, op.SkipValidateBody = largeBody, true }

// secret keeps a route's answer from being compressed: its length would tell of it.
func secret(r *Route, _ *huma.Operation) { r.plain = true }

// also states what a verb asks for in the other of its cases.
func also(p ...fleet.Permission) option {
	return func(r *Route, _ *huma.Operation) { r.Also = append(r.Also, p...) }
}

// says names a route where its permission's words do not fit.
func says(summary string) option {
	return func(_ *Route, op *huma.Operation) { op.Summary = summary }
}

func get[I, O any](r *routes, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) (*O, error), o ...option) {
	add(r, http.MethodGet, path, p, h, o)
}

func post[I, O any](r *routes, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) (*O, error), o ...option) {
	add(r, http.MethodPost, path, p, h, o)
}

func put[I, O any](r *routes, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) (*O, error), o ...option) {
	add(r, http.MethodPut, path, p, h, o)
}

func patch[I, O any](r *routes, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) (*O, error), o ...option) {
	add(r, http.MethodPatch, path, p, h, o)
}

// del is a DELETE; it answers nothing.
func del[I any](r *routes, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) error, o ...option) {
	act(r, http.MethodDelete, path, p, h, o)
}

// tell is a POST that answers nothing.
func tell[I any](r *routes, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) error, o ...option) {
	act(r, http.MethodPost, path, p, h, o)
}

// keep is a PUT that answers nothing.
func keep[I any](r *routes, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) error, o ...option) {
	act(r, http.MethodPut, path, p, h, o)
}

// answer is what huma writes out.
type answer[O any] struct{ Body *O }

func add[I, O any](r *routes, method, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) (*O, error), o []option) {
	op := r.begin(method, path, p, o)
	version := versionField(reflect.TypeFor[O]())
	huma.Register(r.api, op, func(ctx context.Context, in *I) (*answer[O], error) {
		c := callOf(ctx)
		out, err := h(ctx, c.who, in)
		if err != nil {
			return nil, r.s.problem(ctx, c, err)
		}
		if version != nil {
			c.header.Set("ETag", etag(reflect.ValueOf(out).Elem().FieldByIndex(version).Int()))
		}
		return &answer[O]{Body: out}, nil
	})
}

func act[I any](r *routes, method, path string, p fleet.Permission, h func(context.Context, fleet.Actor, *I) error, o []option) {
	huma.Register(r.api, r.begin(method, path, p, o), func(ctx context.Context, in *I) (*struct{}, error) {
		c := callOf(ctx)
		if err := h(ctx, c.who, in); err != nil {
			return nil, r.s.problem(ctx, c, err)
		}
		return nil, nil
	})
}

// stream adds a GET that is answered by hand, and documents what I asks for.
func stream[I any](r *routes, path string, p fleet.Permission, h func(http.ResponseWriter, *http.Request, *call, *I) error, o ...option) {
	o = append([]option{eventStream}, o...)
	op := r.begin(http.MethodGet, path, p, o)
	huma.Register(r.api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			req, w := humago.Unwrap(hc)
			c := callOf(ctx)
			if err := h(w, req, c, in); err != nil {
				r.s.fail(w, req, c, err)
			}
		}}, nil
	})
}

func (r *routes) begin(method, path string, p fleet.Permission, o []option) huma.Operation {
	grant, ok := fleet.GrantOf(p)
	if !ok {
		panic("route " + method + " " + path + " states a permission that is not in the table: " + string(p))
	}
	route := &Route{Method: method, Path: base + path, Permission: p, grant: grant, limit: smallBody}
	for _, m := range pathParam.FindAllStringSubmatch(path, -1) {
		route.params = append(route.params, m[1])
	}
	noun, _, _ := strings.Cut(string(p), ":")
	op := huma.Operation{
		Method: method, Path: path, OperationID: operationID(method, path), Tags: []string{noun},
		Summary: strings.ToUpper(grant.Does[:1]) + grant.Does[1:], BodyReadTimeout: -1,
		Extensions: map[string]any{"x-permission": string(p)},
		Responses:  map[string]*huma.Response{},
	}
	if grant.Scope == fleet.Public {
		op.Security = []map[string][]string{{}}
	}
	for _, apply := range o {
		apply(route, &op)
	}
	op.MaxBodyBytes = route.limit + 1 // huma refuses from this size on
	r.list, r.next = append(r.list, route), route
	return op
}

var pathParam = regexp.MustCompile(`\{([a-z]+)\}`)

// operationID names an operation for generated clients: "get-teams-team-members".
func operationID(method, path string) string {
	return strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path)
}

// HandleFunc is how huma hands over a route's handler; what every route does
// before its own work is put around it here.
func (r *routes) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	route := r.next
	if route.Method == http.MethodGet && !route.plain {
		h = r.zip(http.HandlerFunc(h))
	}
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { r.s.serveRoute(route, h, w, req) })
}

// ServeHTTP completes what huma asks of a mux.
func (r *routes) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(w, req) }

// Routes lists the API's routes in the order in which they are stated.
func (s *Server) Routes() []Route {
	list := make([]Route, len(s.routes.list))
	for i, route := range s.routes.list {
		list[i] = *route
	}
	return list
}

// String is the route's line in the golden list.
func (r Route) String() string {
	line := fmt.Sprintf("%-6s %-58s %s", r.Method, r.Path, r.Permission)
	for _, p := range r.Also {
		line += " or " + string(p)
	}
	return line
}

// States reports whether a route says that its verb may ask for a permission.
func (r Route) States(p fleet.Permission) bool {
	return p == r.Permission || slices.Contains(r.Also, p)
}

func newRoutes(s *Server) *routes {
	r := &routes{s: s, mux: http.NewServeMux()}
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1400), gzhttp.CompressionLevel(1), gzhttp.ContentTypes([]string{"application/json", "application/problem+json"}))
	if err != nil {
		panic(err) // only a wrong constant is refused
	}
	r.zip = zip
	r.api = humago.NewWithPrefix(r, base, openAPIConfig(s))
	return r
}

// finish serves what is known once all routes are stated.
func (r *routes) finish() {
	r.spec = openAPIDocument(r.api)
	r.mux.HandleFunc("GET "+base+"/openapi.json", r.zip(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(r.spec)
	})))
	r.mux.HandleFunc(base+"/", r.unknown)
}

// unknown answers what is no route: 405 where another method is one, else 404.
func (r *routes) unknown(w http.ResponseWriter, req *http.Request) {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: method, URL: req.URL, Host: req.Host}
		if _, pattern := r.mux.Handler(probe); pattern != base+"/" {
			allowed = append(allowed, method)
		}
	}
	c := r.s.newCall(w, req)
	if allowed == nil {
		r.s.fail(w, req, c, &fleet.Error{Kind: fleet.NotFound, Code: "route_not_found", Msg: "The API has no such address. See /api/docs."})
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	r.s.writeProblem(w, c, methodNotAllowed(req.Method, allowed))
}

// eventStream documents server-sent events.
func eventStream(route *Route, op *huma.Operation) {
	route.plain = true
	op.Responses["200"] = &huma.Response{
		Description: "Server-sent events",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
	}
}

// alsoJSON documents that a stream's address gives T as well.
func alsoJSON[T any](r *routes) option {
	return func(_ *Route, op *huma.Operation) {
		schema := r.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
		op.Responses["200"].Content["application/json"] = &huma.MediaType{Schema: schema}
	}
}

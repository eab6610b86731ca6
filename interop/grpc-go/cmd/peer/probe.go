package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // has channels go by the health of their server
	health "google.golang.org/grpc/health/grpc_health_v1"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1"
	alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
)

// runProbe asks a server for its health and its services, by the client code of grpc-go that
// grpc_health_probe and grpcurl are made of, and prints what it was told.
func runProbe(args []string) int {
	flags := flag.NewFlagSet("peer probe", flag.ExitOnError)
	addr := flags.String("addr", "", "address of a server")
	names := flags.String("names", "", "names to check and watch, separated by commas")
	stay := flags.Duration("stay", 0, "how long to go on watching the server as a whole")
	_ = flags.Parse(args)
	exitOnStdinClose()

	ctx, cancel := context.WithTimeout(context.Background(), limit+*stay)
	defer cancel()
	seen, err := probe(ctx, *addr, strings.Split(*names, ","), *stay)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer probe:", err)
		return 1
	}
	line, err := json.Marshal(seen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer probe:", err)
		return 1
	}
	fmt.Println(string(line))
	return 0
}

// probed is what a server told: statuses, or in their place the codes of errors.
type probed struct {
	Checked  map[string]string `json:"checked"`
	Watched  map[string]string `json:"watched"`
	Channels map[string]string `json:"channels"`
	Listed   []string          `json:"listed"`
	V1       []string          `json:"v1"`
	V1alpha  []string          `json:"v1alpha"`
	Stayed   string            `json:"stayed"`
}

func probe(ctx context.Context, addr string, names []string, stay time.Duration) (*probed, error) {
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	seen := &probed{Checked: map[string]string{}, Watched: map[string]string{}, Channels: map[string]string{}}
	client := health.NewHealthClient(conn)
	for _, name := range names {
		request := &health.HealthCheckRequest{Service: name}
		if reply, err := client.Check(ctx, request); err != nil {
			seen.Checked[name] = status.Code(err).String()
		} else {
			seen.Checked[name] = reply.Status.String()
		}
		watch, err := client.Watch(ctx, request)
		if err != nil {
			return nil, err
		}
		reply, err := watch.Recv()
		if err != nil {
			return nil, err
		}
		seen.Watched[name] = reply.Status.String()
		if seen.Channels[name], err = channel(ctx, addr, name); err != nil {
			return nil, err
		}
	}
	list, err := client.List(ctx, &health.HealthListRequest{})
	if err != nil {
		seen.Listed = []string{status.Code(err).String()}
	} else {
		for name := range list.Statuses {
			seen.Listed = append(seen.Listed, name)
		}
		slices.Sort(seen.Listed)
	}
	if seen.V1, err = services(ctx, conn); err != nil {
		return nil, err
	}
	if seen.V1alpha, err = servicesByAlpha(ctx, conn); err != nil {
		return nil, err
	}
	seen.Stayed, err = watchOn(ctx, client, stay)
	return seen, err
}

// watchOn watches the server as a whole for so long, and tells how that ended: Canceled, if only
// because the time was over.
func watchOn(ctx context.Context, client health.HealthClient, stay time.Duration) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch, err := client.Watch(ctx, &health.HealthCheckRequest{})
	if err != nil {
		return "", err
	}
	if _, err := watch.Recv(); err != nil {
		return "", err
	}
	time.AfterFunc(stay, cancel)
	_, err = watch.Recv()
	return status.Code(err).String(), nil
}

// channel tells what becomes of a channel that goes by the health of a name.
func channel(ctx context.Context, addr, name string) (string, error) {
	config := fmt.Sprintf(`{"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": %q}}`, name)
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(config))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.Connect()
	for {
		state := conn.GetState()
		if state == connectivity.Ready || state == connectivity.TransientFailure {
			return state.String(), nil
		}
		if !conn.WaitForStateChange(ctx, state) {
			return "", ctx.Err()
		}
	}
}

// services lists them and sees that each has a file, all in one call.
func services(ctx context.Context, conn *grpc.ClientConn) ([]string, error) {
	stream, err := reflection.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.CloseSend()
	ask := func(request *reflection.ServerReflectionRequest) (*reflection.ServerReflectionResponse, error) {
		if err := stream.Send(request); err != nil {
			return nil, err
		}
		return stream.Recv()
	}
	reply, err := ask(&reflection.ServerReflectionRequest{
		MessageRequest: &reflection.ServerReflectionRequest_ListServices{},
	})
	if err != nil {
		return nil, err
	}
	var found []string
	for _, service := range reply.GetListServicesResponse().GetService() {
		file, err := ask(&reflection.ServerReflectionRequest{
			MessageRequest: &reflection.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service.Name},
		})
		if err != nil {
			return nil, err
		}
		if len(file.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
			return nil, fmt.Errorf("no file for %s", service.Name)
		}
		found = append(found, service.Name)
	}
	return found, nil
}

func servicesByAlpha(ctx context.Context, conn *grpc.ClientConn) ([]string, error) {
	stream, err := alpha.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.CloseSend()
	if err := stream.Send(&alpha.ServerReflectionRequest{
		MessageRequest: &alpha.ServerReflectionRequest_ListServices{},
	}); err != nil {
		return nil, err
	}
	reply, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, service := range reply.GetListServicesResponse().GetService() {
		found = append(found, service.Name)
	}
	return found, nil
}

package graph

import (
	"context"
	"slices"

	"tenantry/ent/generated/ent"
	"tenantry/ent/generated/ent/apikey"
	"tenantry/ent/generated/ent/auditevent"
	"tenantry/ent/generated/ent/company"
	"tenantry/ent/generated/ent/contact"
	"tenantry/ent/generated/ent/customfield"
	"tenantry/ent/generated/ent/desk"
	"tenantry/ent/generated/ent/importrun"
	"tenantry/ent/generated/ent/label"
	"tenantry/ent/generated/ent/notification"
	"tenantry/ent/generated/ent/project"
	"tenantry/ent/generated/ent/transfertoken"
	"tenantry/ent/generated/ent/user"
	"tenantry/graph/scalar"
	"tenantry/internal/database"
	"tenantry/internal/fault"
	"tenantry/internal/id"
)

// maxNodes bounds nodes(ids:).
const maxNodes = 100

// node asks the one table that the id's kind names.
func (r *Resolver) node(ctx context.Context, u id.ID) (scalar.Node, error) {
	found, err := r.nodes(ctx, []id.ID{u})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// nodes asks each table that the ids' kinds name once, and puts what the viewer may know
// in the ids' order, with null for the rest.
func (r *Resolver) nodes(ctx context.Context, ids []id.ID) ([]scalar.Node, error) {
	if len(ids) > maxNodes {
		return nil, fault.New(fault.LimitExceeded, "ids has %d entries; at most %d are accepted", len(ids), maxNodes).
			At("ids").With("limit", maxNodes)
	}
	found, err := r.nodesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]scalar.Node, len(ids))
	for i, u := range ids {
		out[i] = found[u]
	}
	return out, nil
}

// nodesByID are those of any number of ids that the viewer may know.
func (r *Resolver) nodesByID(ctx context.Context, ids []id.ID) (map[id.ID]scalar.Node, error) {
	of := map[id.Kind][]id.ID{}
	for _, u := range ids {
		of[id.KindOf(u)] = append(of[id.KindOf(u)], u)
	}
	found := make(map[id.ID]scalar.Node, len(ids))
	for kind, some := range of {
		fetch, ok := r.nodeKinds()[kind]
		if !ok {
			continue
		}
		if err := fetch(ctx, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

type fetchNodes func(ctx context.Context, ids []id.ID, into map[id.ID]scalar.Node) error

// nodeKinds is the one table from the kind of an id to where its record is found.
func (r *Resolver) nodeKinds() map[id.Kind]fetchNodes {
	return map[id.Kind]fetchNodes{
		id.Company: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.Company, error) {
			return r.Ent.Company.Query().Where(database.Among(company.FieldID, ids)).All(ctx)
		}, func(n *ent.Company) id.ID { return n.ID }),
		id.Project: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.Project, error) {
			return r.Ent.Project.Query().Where(database.Among(project.FieldID, ids)).All(ctx)
		}, func(n *ent.Project) id.ID { return n.ID }),
		id.Desk: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.Desk, error) {
			return r.Ent.Desk.Query().Where(database.Among(desk.FieldID, ids)).All(ctx)
		}, func(n *ent.Desk) id.ID { return n.ID }),
		id.Contact: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.Contact, error) {
			return r.Ent.Contact.Query().Where(database.Among(contact.FieldID, ids)).All(ctx)
		}, func(n *ent.Contact) id.ID { return n.ID }),
		id.Label: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.Label, error) {
			return r.Ent.Label.Query().Where(database.Among(label.FieldID, ids)).All(ctx)
		}, func(n *ent.Label) id.ID { return n.ID }),
		id.CustomField: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.CustomField, error) {
			return r.Ent.CustomField.Query().Where(database.Among(customfield.FieldID, ids)).All(ctx)
		}, func(n *ent.CustomField) id.ID { return n.ID }),
		id.User: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.User, error) {
			return r.Ent.User.Query().Where(database.Among(user.FieldID, ids)).All(ctx)
		}, func(n *ent.User) id.ID { return n.ID }),
		id.ImportRun: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.ImportRun, error) {
			return r.Ent.ImportRun.Query().Where(database.Among(importrun.FieldID, ids)).All(ctx)
		}, func(n *ent.ImportRun) id.ID { return n.ID }),
		id.TransferToken: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.TransferToken, error) {
			return r.Ent.TransferToken.Query().Where(database.Among(transfertoken.FieldID, ids)).All(ctx)
		}, func(n *ent.TransferToken) id.ID { return n.ID }),
		id.AuditEvent: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.AuditEvent, error) {
			return r.Ent.AuditEvent.Query().Where(database.Among(auditevent.FieldID, ids)).All(ctx)
		}, func(n *ent.AuditEvent) id.ID { return n.ID }),
		id.APIKey: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.APIKey, error) {
			return r.Ent.APIKey.Query().Where(database.Among(apikey.FieldID, ids)).All(ctx)
		}, func(n *ent.APIKey) id.ID { return n.ID }),
		id.Session: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.Session, error) {
			own, err := r.Sessions.Sessions(ctx)
			return slices.DeleteFunc(own, func(s *ent.Session) bool { return !slices.Contains(ids, s.ID) }), err
		}, func(n *ent.Session) id.ID { return n.ID }),
		id.Notification: nodesOf(func(ctx context.Context, ids []id.ID) ([]*ent.Notification, error) {
			return r.Ent.Notification.Query().Where(database.Among(notification.FieldID, ids)).All(ctx)
		}, func(n *ent.Notification) id.ID { return n.ID }),
	}
}

func nodesOf[T any](fetch func(context.Context, []id.ID) ([]T, error), key func(T) id.ID) fetchNodes {
	return func(ctx context.Context, ids []id.ID, into map[id.ID]scalar.Node) error {
		rows, err := fetch(ctx, ids)
		for _, row := range inBatch(ctx, rows) {
			into[key(row)] = row
		}
		return err
	}
}

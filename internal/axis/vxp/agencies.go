package vxp

import (
	"cmp"
	"context"
	"encoding/json"
)

// Agency is an agency as the axis lists it; which members are set depends on the list.
type Agency struct {
	ID         string `json:"id"`
	ParentCode string `json:"pcode"`
	Code       string `json:"code"`
	Code102    string `json:"-"` // the old code of QCVN 102 in the QĐ 20 list
	OldCode    string `json:"-"`
	Name       string `json:"name"`
	Mail       string `json:"mail"`
	Mobile     string `json:"mobile"`
	Fax        string `json:"fax"`
	Version    string `json:"-"`
	CenterCode string `json:"-"`
	Deleted    bool   `json:"-"`
	ModifyDate string `json:"-"`
	IsAgency   bool   `json:"-"`
}

// Agencies gives every agency of the axis to each as the list comes; there may be over
// a hundred thousand. An error of each ends the list and is returned as it is; rows given
// before an error stand for nothing.
func (c *Client) Agencies(ctx context.Context, each func(Agency) error) error {
	return c.agencies(ctx, withBody("getAgenciesList", "{}"), each)
}

// AgenciesQD20 gives the agencies of a level with the codes of QĐ 20/2020 and, in
// Code102, the old ones.
func (c *Client) AgenciesQD20(ctx context.Context, level string, each func(Agency) error) error {
	return c.agencies(ctx, call{op: "getAgenciesListQD20", params: []param{{"level", level}}}, each)
}

// SynchronizeUnits gives every unit with its version and whether it was deleted.
func (c *Client) SynchronizeUnits(ctx context.Context, each func(Agency) error) error {
	return c.agencies(ctx, call{op: "getSynchronizeUnit"}, each)
}

func (c *Client) agencies(ctx context.Context, k call, each func(Agency) error) error {
	var given error
	_, err := c.simple(ctx, k, func(r row) error {
		given = each(Agency{
			ID: r["id"], ParentCode: cmp.Or(r["pcode"], r["pid"]), Code: r["code"], Code102: r["code102"],
			OldCode: r["oldcode"], Name: r["name"], Mail: r["mail"], Mobile: r["mobile"],
			Fax: r["fax"], Version: r["version"], CenterCode: r["centercode"],
			Deleted: truth(r["deleted"]), ModifyDate: r["modifydate"], IsAgency: truth(r["isagency"]),
		})
		return given
	})
	if given != nil {
		return given
	}
	return err
}

func truth(s string) bool { return s == "true" || s == "1" }

// Register registers an agency under our system, or updates it.
func (c *Client) Register(ctx context.Context, a Agency) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = c.simple(ctx, withBody("registerAgency", string(body)), nil)
	return err
}

// Unregister deletes an agency of ours from the axis.
func (c *Client) Unregister(ctx context.Context, code string) error {
	_, err := c.simple(ctx, call{op: "deleteAgency", params: []param{{"AgencyCode", code}}}, nil)
	return err
}

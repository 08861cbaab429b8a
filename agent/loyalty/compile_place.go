package loyalty

import (
	"fmt"
	"maps"
	"slices"
)

// Limits of store groups.
const (
	MaxStoreGroups  = 1000
	maxStores       = 100_000
	maxWhenGroups   = 100
	maxGroupMembers = 500_000 // stores of all groups together
)

func (c *compiler) compileStoreGroups() {
	if len(c.doc.Groups) > MaxStoreGroups {
		c.fault("store_groups", fmt.Sprintf("has %d groups", len(c.doc.Groups)), fmt.Sprintf("keep to %d", MaxStoreGroups))
		return
	}
	p := &c.p.places
	p.byStore, p.byGroup, p.groups = map[StoreID][]placeID{}, map[string][]placeID{}, map[StoreID][]string{}
	all := 0
	for _, name := range slices.Sorted(maps.Keys(c.doc.Groups)) {
		path := "store_groups." + name
		c.checkID(path, name)
		list := c.doc.Groups[name]
		if all += len(list); len(list) == 0 || all > maxGroupMembers {
			c.fault(path, fmt.Sprintf("has %d stores", len(list)), fmt.Sprintf("write the stores' numbers; of all groups at most %d", maxGroupMembers))
			continue
		}
		list = c.storeList(path, list)
		c.doc.Groups[name] = list
		for _, id := range list {
			p.groups[StoreID(id)] = append(p.groups[StoreID(id)], name)
		}
	}
}

// storeList checks, sorts and drops repeats.
func (c *compiler) storeList(path string, list []int64) []int64 {
	if len(list) > maxStores {
		c.fault(path, fmt.Sprintf("has %d stores", len(list)), fmt.Sprintf("keep to %d", maxStores))
		return nil
	}
	for i, id := range list {
		if id < 1 || id > 1<<32-1 {
			c.fault(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%d is not a store", id), "write the store's number")
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// where reads the stores and groups of a condition: a store of either will do. Conditions that say the same share a place.
func (c *compiler) where(path string, def *whenDef) placeID {
	if len(def.Stores)+len(def.Groups) == 0 {
		return anywhere
	}
	def.Stores = c.storeList(path+".stores", def.Stores)
	if len(def.Groups) > maxWhenGroups {
		c.fault(path+".groups", fmt.Sprintf("has %d groups", len(def.Groups)), fmt.Sprintf("keep to %d", maxWhenGroups))
		return anywhere
	}
	for i, name := range def.Groups {
		if _, ok := c.doc.Groups[name]; !ok {
			c.fault(fmt.Sprintf("%s.groups[%d]", path, i), fmt.Sprintf("there is no store group %q", name), "declare it in store_groups")
		}
	}
	slices.Sort(def.Groups)
	def.Groups = slices.Compact(def.Groups)
	key := fmt.Sprint(def.Stores, def.Groups)
	if id, known := c.placeIDs[key]; known {
		return id
	}
	p := &c.p.places
	p.count++
	id := placeID(p.count)
	c.placeIDs[key] = id
	for _, store := range def.Stores {
		p.byStore[StoreID(store)] = append(p.byStore[StoreID(store)], id)
	}
	for _, name := range def.Groups {
		p.byGroup[name] = append(p.byGroup[name], id)
	}
	return id
}

// storesOf is the stores that a condition names; none when it is for all.
func (c *compiler) storesOf(def *whenDef) map[int64]bool {
	stores := map[int64]bool{}
	if def == nil {
		return stores
	}
	for _, id := range def.Stores {
		stores[id] = true
	}
	for _, name := range def.Groups {
		for _, id := range c.doc.Groups[name] {
			stores[id] = true
		}
	}
	return stores
}

/*
 * A PKCS#11 module in front of another one that misbehaves on command. It loads the
 * module named by P11FAULT_MODULE, hands out a copy of its function list with the calls
 * below replaced, and looks into the file named by P11FAULT_CONTROL before each of them.
 *
 * A line of the control file is a rule:
 *
 *     ACTION CALL ARGUMENT FROM TO
 *
 * It holds for the FROM-th to the TO-th time that CALL is made (TO 0: for ever). Times
 * are counted in the file CONTROL.CALL, one byte for each, over all processes, so that
 * they outlive a crash. CALL is initialize, slots, open, login, find or sign.
 *
 *     delay  wait ARGUMENT milliseconds, then do it
 *     fail   answer ARGUMENT (a CK_RV)
 *     late   do it, then answer ARGUMENT all the same
 *     hang   never answer
 *     crash  write to address 0
 *     lose   close all sessions of all slots, then do it
 *     final  C_Finalize of the module behind, then do it
 *     limit  C_OpenSession: at most ARGUMENT sessions at once, else CKR_SESSION_COUNT
 *     pull   the token is out: no slot holds one, and what is open answers
 *            CKR_DEVICE_REMOVED; sessions are gone when it is put back
 *
 * The types are those of PKCS #11 v2.40, section 3, for machines where unsigned long is
 * as wide as a pointer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long CK_ULONG, CK_RV;
typedef unsigned char CK_BYTE;

enum {
	OK = 0x0, GENERAL_ERROR = 0x5, DEVICE_REMOVED = 0x32,
	SESSION_COUNT = 0xB1,
};

/* places of the functions in CK_FUNCTION_LIST */
enum {
	INITIALIZE = 0, FINALIZE = 1, GET_SLOT_LIST = 4, OPEN_SESSION = 12, CLOSE_SESSION = 13,
	CLOSE_ALL_SESSIONS = 14, LOGIN = 18, FIND_OBJECTS_INIT = 26, SIGN = 43, FUNCTIONS = 68,
};

typedef struct {
	unsigned char major, minor;
	void *f[FUNCTIONS];
} List;

static List list;       /* ours */
static const List *real; /* of the module behind */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

#define MAX_SESSIONS 4096
static struct { CK_ULONG session, slot; } sessions[MAX_SESSIONS]; /* the first `opened` are open */
static int opened;

/* forget drops a session, or with a slot all of it (session 0), or all (slot -1). */
static void forget(CK_ULONG session, CK_ULONG slot)
{
	pthread_mutex_lock(&guard);
	for (int i = 0; i < opened;) {
		if (session ? sessions[i].session == session : slot == (CK_ULONG)-1 || sessions[i].slot == slot)
			sessions[i] = sessions[--opened];
		else
			i++;
	}
	pthread_mutex_unlock(&guard);
}

/* a rule of the control file that holds now */
typedef struct {
	char action[16];
	CK_ULONG argument;
} Rule;

static const char *control(void) { return getenv("P11FAULT_CONTROL"); }

/* count makes one more of a call known and returns how many there were. */
static long count(const char *call)
{
	char path[PATH_MAX];
	long n = 0;
	snprintf(path, sizeof path, "%s.%s", control(), call);
	pthread_mutex_lock(&guard);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0) {
		if (write(fd, ".", 1) == 1)
			n = lseek(fd, 0, SEEK_END);
		close(fd);
	}
	pthread_mutex_unlock(&guard);
	return n;
}

static Rule rule_of(const char *call)
{
	Rule rule = {"", 0};
	if (!control())
		return rule;
	long n = count(call);
	FILE *f = fopen(control(), "re");
	if (!f)
		return rule;
	char line[256], action[16], name[16];
	while (fgets(line, sizeof line, f)) {
		CK_ULONG argument;
		long from, to;
		if (sscanf(line, "%15s %15s %li %ld %ld", action, name, (long *)&argument, &from, &to) != 5)
			continue;
		if (strcmp(name, call) == 0 && n >= from && (to == 0 || n <= to)) {
			strcpy(rule.action, action);
			rule.argument = argument;
			break;
		}
	}
	fclose(f);
	return rule;
}

static int is(const Rule *r, const char *action) { return strcmp(r->action, action) == 0; }

typedef CK_RV (*Slots)(unsigned char, CK_ULONG *, CK_ULONG *);
typedef CK_RV (*Pointer)(void *);
typedef CK_RV (*Number)(CK_ULONG);

/* lose closes every session behind our caller's back. */
static void lose(void)
{
	CK_ULONG slots[64], n = 64;
	if (((Slots)real->f[GET_SLOT_LIST])(1, slots, &n) != OK)
		return;
	for (CK_ULONG i = 0; i < n; i++)
		((Number)real->f[CLOSE_ALL_SESSIONS])(slots[i]);
	forget(0, -1);
}

/* obey does what a rule says before the call is made; 1 ends it with *rv. */
static int obey(const Rule *r, CK_RV *rv)
{
	if (is(r, "delay")) {
		struct timespec t = {r->argument / 1000, (r->argument % 1000) * 1000000};
		nanosleep(&t, NULL);
	} else if (is(r, "fail")) {
		*rv = r->argument;
		return 1;
	} else if (is(r, "hang")) {
		for (;;)
			pause();
	} else if (is(r, "crash")) {
		*(volatile int *)NULL = 0;
	} else if (is(r, "lose")) {
		lose();
	} else if (is(r, "final")) {
		((Pointer)real->f[FINALIZE])(NULL);
		forget(0, -1);
	} else if (is(r, "pull")) {
		lose();
		*rv = DEVICE_REMOVED;
		return 1;
	}
	return 0;
}

#define BEFORE(call)                 \
	Rule rule = rule_of(call);   \
	CK_RV rv = GENERAL_ERROR;    \
	if (obey(&rule, &rv))        \
		return rv;

static CK_RV after(const Rule *r, CK_RV rv) { return rv == OK && is(r, "late") ? r->argument : rv; }

static CK_RV initialize(void *args)
{
	BEFORE("initialize");
	forget(0, -1);
	return after(&rule, ((Pointer)real->f[INITIALIZE])(args));
}

static CK_RV get_slot_list(unsigned char present, CK_ULONG *slots, CK_ULONG *n)
{
	Rule rule = rule_of("slots");
	CK_RV rv;
	if (is(&rule, "pull") && present) {
		*n = 0;
		return OK;
	}
	if (obey(&rule, &rv))
		return rv;
	return after(&rule, ((Slots)real->f[GET_SLOT_LIST])(present, slots, n));
}

typedef CK_RV (*OpenSession)(CK_ULONG, CK_ULONG, void *, void *, CK_ULONG *);

static CK_RV open_session(CK_ULONG slot, CK_ULONG flags, void *app, void *notify, CK_ULONG *session)
{
	BEFORE("open");
	pthread_mutex_lock(&guard); /* all the way, so that two do not take one place */
	if (opened >= MAX_SESSIONS || (is(&rule, "limit") && opened >= (int)rule.argument)) {
		rv = SESSION_COUNT;
	} else if ((rv = ((OpenSession)real->f[OPEN_SESSION])(slot, flags, app, notify, session)) == OK) {
		sessions[opened].session = *session;
		sessions[opened++].slot = slot;
	}
	pthread_mutex_unlock(&guard);
	return after(&rule, rv);
}

static CK_RV close_session(CK_ULONG session)
{
	CK_RV rv = ((Number)real->f[CLOSE_SESSION])(session);
	if (rv == OK)
		forget(session, 0);
	return rv;
}

static CK_RV close_all_sessions(CK_ULONG slot)
{
	CK_RV rv = ((Number)real->f[CLOSE_ALL_SESSIONS])(slot);
	if (rv == OK)
		forget(0, slot);
	return rv;
}

typedef CK_RV (*Login)(CK_ULONG, CK_ULONG, CK_BYTE *, CK_ULONG);

static CK_RV login(CK_ULONG session, CK_ULONG user, CK_BYTE *pin, CK_ULONG length)
{
	BEFORE("login");
	return after(&rule, ((Login)real->f[LOGIN])(session, user, pin, length));
}

typedef CK_RV (*FindInit)(CK_ULONG, void *, CK_ULONG);

static CK_RV find_objects_init(CK_ULONG session, void *attributes, CK_ULONG n)
{
	BEFORE("find");
	return after(&rule, ((FindInit)real->f[FIND_OBJECTS_INIT])(session, attributes, n));
}

typedef CK_RV (*Sign)(CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);

static CK_RV sign(CK_ULONG session, CK_BYTE *data, CK_ULONG n, CK_BYTE *signature, CK_ULONG *length)
{
	Sign next = (Sign)real->f[SIGN];
	if (!signature) /* only its length is asked for */
		return next(session, data, n, signature, length);
	BEFORE("sign");
	return after(&rule, next(session, data, n, signature, length));
}

/* C_GetFunctionList is the only symbol that PKCS #11 asks of a library. */
CK_RV C_GetFunctionList(List **out)
{
	const char *path = getenv("P11FAULT_MODULE");
	pthread_mutex_lock(&guard);
	if (!real && path) {
		void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		CK_RV (*get)(const List **) = module ? (CK_RV (*)(const List **))dlsym(module, "C_GetFunctionList") : NULL;
		if (get && get(&real) == OK) {
			list = *real;
			list.f[INITIALIZE] = initialize;
			list.f[GET_SLOT_LIST] = get_slot_list;
			list.f[OPEN_SESSION] = open_session;
			list.f[CLOSE_SESSION] = close_session;
			list.f[CLOSE_ALL_SESSIONS] = close_all_sessions;
			list.f[LOGIN] = login;
			list.f[FIND_OBJECTS_INIT] = find_objects_init;
			list.f[SIGN] = sign;
		}
	}
	pthread_mutex_unlock(&guard);
	if (!real)
		return GENERAL_ERROR;
	*out = &list;
	return OK;
}

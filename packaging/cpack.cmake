# Read by cpack before it packs. ASSAY_REVISION: Debian's revision, 1 by default.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
if(DEFINED ENV{ASSAY_REVISION})
  set(CPACK_DEBIAN_PACKAGE_RELEASE $ENV{ASSAY_REVISION})
endif()
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

set(version ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
# Directories that packages share go with the last of them: dpkg sees to it.
macro(assay_package component name summary description)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${summary}\n${description}")
  set(extra)
  foreach(script conffiles preinst postinst prerm postrm)
    if(EXISTS ${CPACK_ASSAY_PACKAGING_DIR}/${component}/${script})
      list(APPEND extra ${CPACK_ASSAY_PACKAGING_DIR}/${component}/${script})
    endif()
  endforeach()
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${extra})
endmacro()

assay_package(assay assay "scan farm for container images: command line"
  "Assay runs container images under gVisor in a simulated internet and judges
what they do. This package has the command assay, which submits scans to a
farm and shows what came of them, the detection rules and the documentation.
With assay-agent installed it can scan on this host without a farm.")
set(CPACK_DEBIAN_ASSAY_PACKAGE_DEPENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_ASSAY_PACKAGE_SUGGESTS "assay-agent, assay-scheduler")

assay_package(scheduler assay-scheduler "scan farm for container images: scheduler"
  "Assay runs container images under gVisor in a simulated internet and judges
what they do. The scheduler queues scans, gives them to agents, scores their
traces, keeps the reports, and answers over HTTP.")
set(CPACK_DEBIAN_SCHEDULER_PACKAGE_DEPENDS "assay (= ${version}), systemd (>= 252)")

assay_package(agent assay-agent "scan farm for container images: agent"
  "Assay runs container images under gVisor in a simulated internet and judges
what they do. The agent takes scans from the scheduler, runs them and
watches them with eBPF. It runs as root and needs a kernel with BTF.")
# Programs that it calls: runsc (older ones fail on current kernels: agent/sandbox_host.cc), skopeo, ip.
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "assay (= ${version}), systemd (>= 252), runsc (>= 0.0~20240101), skopeo, iproute2")

assay_package(gateway assay-gateway "scan farm for container images: gateway"
  "Assay runs container images under gVisor in a simulated internet and judges
what they do. The gateway answers Kubernetes' admission reviews and Harbor's
scanner API by what a farm has found.")
set(CPACK_DEBIAN_GATEWAY_PACKAGE_DEPENDS "ca-certificates, systemd (>= 252)")
set(CPACK_DEBIAN_GATEWAY_PACKAGE_SUGGESTS "assay-scheduler")
